#include "base/error.hh"

int main() {
    return 0;
}
