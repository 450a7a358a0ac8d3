#!/bin/bash
# Runs a test for prove. A GLib test that aborts says "Bail out!", on which prove would drop all the
# other tests too: here it fails this one.
set -o pipefail
"$@" | sed -u 's/^Bail out!/not ok - aborted:/'
