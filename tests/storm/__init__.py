"""kill -9 under a contact centre at work: players over HTTP, a host that dies again and again, checks from outside."""
