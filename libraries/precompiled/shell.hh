// Precompiled with -Db_pch=true (quickstart.sh): what most files of shell/ include; see base.hh.

#include <fmt/format.h>

#include "shell/core/session.hh"
