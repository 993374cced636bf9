"""What the pages of keys say and draw, worked out without a request or a template."""
