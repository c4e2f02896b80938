"""Bad input: what hostile and careless programs send, and what the contract (http.md) answers to each."""
