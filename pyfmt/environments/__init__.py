"""Finding, reading, judging and creating the projects' virtual environments."""
