"""What the demo needs beside the platform: a stand-in for the world outside."""
