"""Where a remote's bytes lie: a folder, memory. Names and bytes only; no meaning."""
