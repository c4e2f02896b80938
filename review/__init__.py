"""Referral Review: receive referral notices, judge them by our own terms, answer, prove."""
