"""A firm looks at what is known about it: values after an assertion of a controller, and each look is logged."""
