"""Where the state of events is kept: records, journals, encryption, the backends that ship."""
