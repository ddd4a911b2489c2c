"""The addresses of the office, and those of its log-in, which django-allauth answers."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path

from maninso.web.office import answers, bills, calendars, debts, families, members, queue, record, review, site

urlpatterns = [
    path("account/login", account.request_login_code, name="account_login"),
    path("account/login", account.request_login_code, name="account_request_login_code"),
    path("account/login/code", account.confirm_login_code, name="account_confirm_login_code"),
    path("account/login/factor", factors.authenticate, name="mfa_authenticate"),
    path("account/login/passkey", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("account/inactive", account.account_inactive, name="account_inactive"),
    path("account/logout", account.logout, name="account_logout"),
    path("account/again", factors.reauthenticate, name="mfa_reauthenticate"),
    path("account/again/key", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/factors", factors.index, name="mfa_index"),
    path("account/factors/app/add", totp.activate_totp, name="mfa_activate_totp"),
    path("account/factors/app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/factors/keys", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("account/factors/keys/add", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("account/factors/keys/<int:pk>", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/factors/keys/<int:pk>/remove", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/factors/codes", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/factors/codes/new", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("office", queue.show_queue, name="office"),
    path("office/enter/<str:token>", members.enter_rehearsal, name="office_enter"),
    path("office/members", members.show_members, name="office_members"),
    path("office/petitions/<str:number>", review.show_review, name="office_review"),
    path("office/petitions/<str:number>/family", families.show_desk, name="office_family"),
    path("office/petitions/<str:number>/<str:kind>", review.show_decision, name="office_decide"),
    path("office/debts", debts.show_desk, name="office_debts"),
    path("office/debts/<str:number>", debts.show_debt_page, name="office_debt"),
    path("office/answers/<str:number>", answers.show_answer, name="office_answer"),
    path("office/calendar", calendars.list_calendars, name="office_calendars"),
    path("office/calendar/<str:institution>", calendars.edit_calendar, name="office_calendar"),
    path("office/bills", bills.list_bills, name="office_bills"),
    path("office/bills/new", bills.write_new, name="office_bill_new"),
    path("office/bills/<str:number>", bills.edit_bill, name="office_bill"),
    path("office/second", review.show_second, name="office_second"),
    path("office/pages", site.list_pages, name="office_pages"),
    path("office/pages/<str:slug>/<str:language>", site.edit_page, name="office_page_edit"),
    path("office/notices", site.show_notices, name="office_notices"),
    path("office/record", record.show_record, name="office_record"),
]
