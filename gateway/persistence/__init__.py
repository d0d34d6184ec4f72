"""Tables of the gateway's database and the SQL over them; no rule is decided here."""
