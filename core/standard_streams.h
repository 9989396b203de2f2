// Standard input, output and errors of a program that somebody else has started.
#pragma once

#include "core/status.h"

namespace ronchi {

// What of the three is closed is opened on /dev/null. Otherwise the next file that is opened gets
// its number, and whatever is printed lands in that file. First thing in a program.
void OpenStandardStreams();

// Has everything that was printed on standard output arrived? ResourceExhausted: the disk is full.
// Cancelled: nobody reads the pipe any more. Last thing in a program.
absl::Status FlushStandardOutput();

}  // namespace ronchi
