"""The commands of `maninso`, by what they are about; run.cli puts them together."""
