/** The test kit: isolated pools on three layers, faults at exact moments, a ledger, a leak audit, virtual time. */
@NullMarked
package dev.vivarium.testkit;

import org.jspecify.annotations.NullMarked;
