// Precompiled with -Db_pch=true (quickstart.sh): what most files of shell/ include; see base.hh.
#pragma once

#include <fmt/format.h>

#include "shell/core/session.hh"
