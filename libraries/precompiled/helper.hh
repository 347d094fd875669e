// Precompiled with -Db_pch=true (quickstart.sh): what most files of helper/ include; see base.hh.

#include "helper/exchange/plan.hh"
#include "libraries/precompiled/base.hh"
