"""What programs read: JSON in the shape of petition.parliament.uk, CSV, the log's files, health."""
