"""Every address of the site but the one that signs. Addresses of data have no language; pages may (`page_urls`)."""

from django.urls import include, path, re_path

from maninso.web.api import (
    embeds,
    exports,
    feeds,
    health,
    log,
    moderation,
    outcome_tables,
    petitions,
    receipts,
    robots,
    work,
)
from maninso.web.api.v1 import openapi
from maninso.web.api.v1.table import OPERATIONS
from maninso.web.office import answers, record
from maninso.web.page_urls import handler400, handler403, handler404, handler429, handler500
from maninso.web.pages import account, documents
from maninso.web.shared import assets

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [
    path("petitions.json", petitions.list_petitions, name="petitions_json"),
    path("petitions.csv", exports.export_petitions, {"ending": "csv"}, name="petitions_csv"),
    path("petitions.parquet", exports.export_petitions, {"ending": "parquet"}, name="petitions_parquet"),
    path("obligations.csv", exports.export_obligations, {"ending": "csv"}, name="obligations_csv"),
    path("obligations.parquet", exports.export_obligations, {"ending": "parquet"}, name="obligations_parquet"),
    *(
        path(f"{place}.{ending}", view, {"ending": ending}, name=f"{name}_{ending}")
        for place, view, name in (
            ("answers", outcome_tables.export_answers, "answers"),
            ("bills", outcome_tables.export_bills, "bills"),
            ("bills/stages", outcome_tables.export_stages, "bills_stages"),
            ("bills/provisions", outcome_tables.export_provisions, "bills_provisions"),
            ("bills/petitions", outcome_tables.export_demands, "bills_petitions"),
        )
        for ending in ("csv", "parquet")
    ),
    path("blue-house.jsonl", exports.export_blue_house, name="blue_house"),
    path("data.json", exports.show_dictionary, name="data_json"),
    re_path(r"^petitions\.(?P<ending>[^/]*)$", petitions.refuse_format),
    path("trending.json", petitions.list_trending, name="trending_json"),
    path("topics.json", petitions.list_topics, name="topics_json"),
    path("moderation.json", moderation.show_statistics, name="moderation_json"),
    path("petitions/<str:number>.json", petitions.show_petition, name="petition_json"),
    path("petitions/<str:number>/count.json", petitions.show_count, name="count_json"),
    path("petitions/<str:number>/badge.svg", embeds.send_badge, name="badge"),
    path("petitions/<str:number>/card.png", embeds.send_card, name="card"),
    path("oembed", embeds.show_oembed, name="oembed"),
    path("petitions/<str:number>/signatures.csv", exports.export_signatures, {"ending": "csv"}, name="signatures_csv"),
    path(
        "petitions/<str:number>/signatures.parquet",
        exports.export_signatures,
        {"ending": "parquet"},
        name="signatures_parquet",
    ),
    path("petitions/<str:number>/voids.csv", exports.export_voids, {"ending": "csv"}, name="voids_csv"),
    path("petitions/<str:number>/voids.parquet", exports.export_voids, {"ending": "parquet"}, name="voids_parquet"),
    path("petitions/<str:number>/voids.json", receipts.show_voids, name="voids_json"),
    re_path(r"^petitions/(?P<number>[^/.]+)\.(?P<ending>[^/]*)$", petitions.refuse_format),
    path("petitions/<str:number>/receipts/<str:leaf_hash>.site.tlog-proof", log.send_site_proof, name="site_proof"),
    path("petitions/<str:number>/receipts/<str:leaf_hash>.tlog-proof", log.send_receipt, name="receipt_file"),
    path("petitions/<str:number>/receipts/<str:leaf_hash>.promise", receipts.send_promise, name="promise"),
    path("api/v1/openapi.json", openapi.send_document, name="openapi"),
    path("api/openapi.json", openapi.send_document),
    *(path(operation.route, operation.make_view(), name=operation.name) for operation in OPERATIONS),
    path("feeds/petitions.atom", feeds.send_petitions, {"kind": "atom"}, name="petitions_atom_feed"),
    path("feeds/petitions.json", feeds.send_petitions, {"kind": "json"}, name="petitions_json_feed"),
    path("feeds/petitions/<str:number>.atom", feeds.send_petition, {"kind": "atom"}, name="petition_atom_feed"),
    path("feeds/petitions/<str:number>.json", feeds.send_petition, {"kind": "json"}, name="petition_json_feed"),
    path("feeds/obligations.atom", feeds.send_obligations, {"kind": "atom"}, name="obligations_atom_feed"),
    path("feeds/obligations.json", feeds.send_obligations, {"kind": "json"}, name="obligations_json_feed"),
    path("feeds/bills.atom", feeds.send_bills, {"kind": "atom"}, name="bills_atom_feed"),
    path("feeds/bills.json", feeds.send_bills, {"kind": "json"}, name="bills_json_feed"),
    path("feeds/updates.atom", feeds.send_updates, {"kind": "atom"}, name="updates_atom_feed"),
    path("feeds/updates.json", feeds.send_updates, {"kind": "json"}, name="updates_json_feed"),
    path("robots.txt", robots.send_robots, name="robots"),
    path("sitemap.xml", robots.send_index, name="sitemap"),
    path("sitemaps/<str:part>.xml", robots.send_part, name="sitemap_part"),
    path("export/key", exports.send_export_key, name="export_key"),
    path("promise/key", receipts.send_promise_key, name="promise_key"),
    path("log/key", log.send_site_key, name="site_log_key"),
    path("log/<path:name>", log.send_site_file, name="site_log_file"),
    path("p/<str:number>/log/key", log.send_key, name="log_key"),
    path("p/<str:number>/log/<path:name>", log.send_log_file, name="log_file"),
    path("identity/challenge", work.send_challenge, name="challenge"),
    path("documents/<str:name>", documents.send_public_document, name="document"),
    path("office/answers/<str:number>/documents/<str:name>", answers.send_office_document, name="office_document"),
    path("account/data.json", account.send_data, name="account_data"),
    path("office/record.jsonl", record.export_record, name="office_record_file"),
    path("static/<str:name>", assets.send_asset),
    path("healthz", health.is_alive, name="healthz"),
    path("readyz", health.is_ready, name="readyz"),
    path("", include("maninso.web.page_urls")),
]
