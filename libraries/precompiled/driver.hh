// Precompiled with -Db_pch=true (quickstart.sh): what most files of driver/ include; see base.hh.

#include "driver/store/root.hh"
#include "libraries/precompiled/base.hh"
#include "xml/domain/domain.hh"
