"""The site's own API, read-only and public: its answers, its operations, and the OpenAPI document made of both."""
