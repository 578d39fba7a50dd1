"""`/usr/bin/python3 mininet/lab.py TOPOLOGY`: a lab from a topology file. See README.md beside it."""
import signal

# Before the imports: a Ctrl-C during them ends the process without a word, for there is nothing to clean yet.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from kakuri_lab.main import main  # noqa: E402

if __name__ == '__main__':
    main()
