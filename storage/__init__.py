"""The store on disk: tables, the journal (the one write door), the read side, search, migrations."""
