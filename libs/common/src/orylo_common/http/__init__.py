"""HTTP at the platform's border: error responses, request bodies and caller addresses, the same in every service."""
