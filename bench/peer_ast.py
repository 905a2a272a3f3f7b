"""Seconds CPython's ast.parse takes for the code of a reply: best of many."""
import ast
import re
import sys
import time

text = open(sys.argv[1], encoding="utf-8").read()
block = re.search(r"```python\n(.*?)\n```", text, re.S)
code = block.group(1) if block else text
best = 1e9
for _ in range(200):
    start = time.process_time()
    ast.parse(code)
    best = min(best, time.process_time() - start)
print(best)
