// How slow this machine is right now, so that deadlines are about being stuck and not about being slow.
#pragma once

#include <chrono>

namespace holdfast::test {

/// The factor by which this machine, with its present load, is slower than the one that deadlines were chosen on; 1 to 8.
/// Measured once a process, from hashing on one thread and from fsync beneath the working directory, and printed.
double slowness();

/// A deadline for something that should take `usually` on a quick machine.
std::chrono::seconds within(std::chrono::seconds usually);

/// HOLDFAST_LONG=1: the long run, by hand.
bool long_run();

}  // namespace holdfast::test
