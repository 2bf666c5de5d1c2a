"""What requests and answers are made of: one module a resource. FastAPI reads, serves and documents them."""
