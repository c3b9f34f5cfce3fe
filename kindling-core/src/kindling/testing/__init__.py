"""For tests of apps and plugins: fixtures, fakes and conformance suites."""
