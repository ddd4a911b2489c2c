"""The addresses of pages: as they are, and behind `/ko` and `/en`."""

from django.urls import include, path

from maninso.web.pages import (
    answers,
    bills,
    charters,
    errors,
    front,
    mailbox,
    moderation,
    pages,
    petitions,
    problems,
    providers,
    raising,
    receipts,
    signing,
    similar,
    supporting,
    updates,
    verdicts,
)

urlpatterns = [
    path("", front.show_front, name="front"),
    path("petitions", petitions.list_petitions, name="petitions"),
    path("petitions/new", raising.start_petition, name="new"),
    path("petitions/new/steps", raising.take_step, name="new_steps"),
    path("petitions/similar", similar.show_similar, name="similar"),
    path("petitions/new/proved", raising.show_proved, name="new_proved"),
    path("petitions/<str:number>", petitions.show_petition, name="petition"),
    path("petitions/<str:number>/answers", answers.show_answers, name="answers"),
    path("petitions/<str:number>/verdict/<str:debt>", verdicts.judge, name="verdict"),
    path("petitions/<str:number>/sign", signing.show_sign_page, name="sign"),
    path("petitions/<str:number>/sign/now", signing.show_button, name="sign_now"),
    path("petitions/<str:number>/sign/email", mailbox.ask_address, name="sign_email"),
    path("petitions/<str:number>/sign/email/sent", mailbox.show_sent, name="sign_sent"),
    path("petitions/<str:number>/confirm", mailbox.confirm, name="confirm"),
    path("petitions/<str:number>/updates", updates.ask_address, name="updates"),
    path("petitions/<str:number>/updates/sent", updates.show_sent, name="updates_sent"),
    path("petitions/<str:number>/updates/confirm", updates.confirm, name="subscribe"),
    path("updates/<str:token>", updates.unsubscribe, name="unsubscribe"),
    path("petitions/<str:number>/support/<str:token>", supporting.support, name="support"),
    path("petitions/<str:number>/creator/<str:token>", supporting.show_creators_page, name="creator"),
    path("petitions/<str:number>/receipts/<str:leaf_hash>", receipts.show_receipt, name="receipt"),
    path("petitions/<str:number>/receipts/<str:leaf_hash>/withdraw", receipts.withdraw, name="withdraw"),
    path("petitions/<str:number>/voids", receipts.show_voids, name="voids"),
    path("check", receipts.check_file, name="check"),
    path("identity/oidc/<str:provider_id>", providers.go, name="oidc"),
    path("identity/oidc/<str:provider_id>/return", providers.come_back, name="oidc_return"),
    path("identity/rehearsal", signing.make_up_person, name="rehearsal"),
    path("obligations", front.show_board, name="obligations"),
    path("bills", bills.list_bills, name="bills"),
    path("bills/<str:number>", bills.show_one, name="bill"),
    path("charter/<str:charter_id>", charters.show_charter, name="charter"),
    path("problems/<str:slug>", problems.show_problem, name="problem"),
    path("log", front.describe_site_log, name="site_log"),
    path("moderation", moderation.show_statistics, name="moderation"),
    path("pages", pages.list_pages, name="pages"),
    path("pages/<str:slug>", pages.show_page, name="page"),
    path("about", front.explain_counting, name="about"),
    path("privacy", front.state_privacy, name="privacy"),
    path("accessibility", front.state_accessibility, name="accessibility"),
    path("", include("maninso.web.office_urls")),
]

handler400 = errors.answer_bad_request
handler403 = errors.answer_forbidden
handler404 = errors.answer_not_found
handler429 = errors.answer_too_many
handler500 = errors.answer_failure
