"""xAPI over HTTP (1.0.3 part three; 2.0): the base address is `/xapi/`. See docs/xapi.md."""
