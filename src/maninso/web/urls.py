"""Every address of the site but the one that signs. Addresses of data have no language; pages may (`page_urls`)."""

from django.urls import include, path, re_path

from maninso.web.api import feeds, health, log, moderation, petitions, receipts, similar, work
from maninso.web.office import record
from maninso.web.page_urls import handler400, handler403, handler404, handler429, handler500
from maninso.web.pages import account
from maninso.web.shared import assets

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [
    path("petitions.json", petitions.list_petitions, name="petitions_json"),
    path("petitions.csv", petitions.export_petitions, name="petitions_csv"),
    re_path(r"^petitions\.(?P<ending>[^/]*)$", petitions.refuse_format),
    path("moderation.json", moderation.show_statistics, name="moderation_json"),
    path("petitions/<str:number>.json", petitions.show_petition, name="petition_json"),
    path("petitions/<str:number>/count.json", petitions.show_count, name="count_json"),
    path("petitions/<str:number>/voids.json", receipts.show_voids, name="voids_json"),
    re_path(r"^petitions/(?P<number>[^/.]+)\.(?P<ending>[^/]*)$", petitions.refuse_format),
    path("petitions/<str:number>/receipts/<str:leaf_hash>.site.tlog-proof", log.send_site_proof, name="site_proof"),
    path("petitions/<str:number>/receipts/<str:leaf_hash>.tlog-proof", log.send_receipt, name="receipt_file"),
    path("petitions/<str:number>/receipts/<str:leaf_hash>.promise", receipts.send_promise, name="promise"),
    path("api/v1/similar", similar.list_similar, name="similar_json"),
    path("feeds/petitions.atom", feeds.send_petitions, name="petitions_atom"),
    path("promise/key", receipts.send_promise_key, name="promise_key"),
    path("log/key", log.send_site_key, name="site_log_key"),
    path("log/<path:name>", log.send_site_file, name="site_log_file"),
    path("p/<str:number>/log/key", log.send_key, name="log_key"),
    path("p/<str:number>/log/<path:name>", log.send_log_file, name="log_file"),
    path("identity/challenge", work.send_challenge, name="challenge"),
    path("account/data.json", account.send_data, name="account_data"),
    path("office/record.jsonl", record.export_record, name="office_record_file"),
    path("static/<str:name>", assets.send_asset),
    path("healthz", health.is_alive, name="healthz"),
    path("readyz", health.is_ready, name="readyz"),
    path("", include("maninso.web.page_urls")),
]
