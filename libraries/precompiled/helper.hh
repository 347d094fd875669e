// Precompiled with -Db_pch=true (quickstart.sh): what most files of helper/ include; see base.hh.
#pragma once

#include "helper/exchange/plan.hh"
#include "libraries/precompiled/base.hh"
