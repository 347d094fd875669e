#include "driver/connection.hh"
