// Answers gradparity's requests with functions.hpp. You need not open this file, nor those in protocol/.

#include "protocol/main.cpp"

#include "functions.hpp"
// What calls it.
#include "protocol/functions.cpp"
