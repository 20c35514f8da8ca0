"""The contact centre as code: YAML files in, one validated `ContactCentre` out, or all errors with file and line."""
