"""`python -m tocsin`."""

from tocsin import main

raise SystemExit(main())
