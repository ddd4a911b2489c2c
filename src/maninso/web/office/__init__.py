"""The back office: pages for moderators, clerks, auditors and operators, behind a second factor."""
