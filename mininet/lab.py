"""`/usr/bin/python3 mininet/lab.py TOPOLOGY`: a lab from a topology file. See README.md beside it."""
from kakuri_lab.main import main

if __name__ == '__main__':
    main()
