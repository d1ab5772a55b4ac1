"""Where a remote's bytes lie: a folder, a bucket, memory. Names and bytes only; no meaning."""
