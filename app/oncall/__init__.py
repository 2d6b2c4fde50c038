"""From the settings and calendar files to a roster of the domain; what cannot be used is named."""
