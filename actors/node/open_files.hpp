// How many files and sockets this process may have open.
#pragma once

namespace holdfast::actors {

/// Raises the limit as far as the system lets this process; says so in the log if that is too little for a node's links and stores.
void raise_open_files();

}  // namespace holdfast::actors
