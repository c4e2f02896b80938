"""Names the tests that failed, with the last line of each: the log above them is cut where it is long."""

import sys
import xml.etree.ElementTree as tree

for case in tree.parse(sys.argv[1]).getroot().iter("testcase"):
    for trouble in (*case.iter("failure"), *case.iter("error")):
        told = (trouble.get("message") or "").strip().splitlines() or [""]
        print(f"{case.get('classname')}::{case.get('name')} ({case.get('time')} s): {told[0][:200]}")
