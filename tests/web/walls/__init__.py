"""Who sees what: one desk with marks in everything that is kept from somebody, looked at by everybody."""
