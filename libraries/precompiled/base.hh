// Precompiled with -Db_pch=true (quickstart.sh): what most files of base/ and netd/ include. No source includes this
// file, and each has to name what it uses: builds without it, the usual ones, see to that.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hh"
#include "base/fd.hh"
#include "base/file/file.hh"
