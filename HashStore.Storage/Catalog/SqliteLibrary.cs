using System.Reflection;
using System.Runtime.InteropServices;

namespace HashStore.Storage.Catalog;

/// <summary>
/// Picks the SQLite library: the distribution's, which gets its security updates, when it is newer than the one that the packages bundle (3.35.5).
/// </summary>
internal static unsafe class SqliteLibrary
{
    private const string Bundled = "e_sqlite3";
    private const string System = "libsqlite3.so.0";
    private static int decided;

    /// <summary>Decides once per process, before the first connection.</summary>
    internal static void PreferNewer()
    {
        if (Interlocked.Exchange(ref decided, 1) != 0 || !NativeLibrary.TryLoad(System, out var system))
        {
            return;
        }

        var provider = Assembly.Load("SQLitePCLRaw.provider.e_sqlite3");
        if (!NativeLibrary.TryLoad(Bundled, provider, null, out var bundled) || VersionOf(system) > VersionOf(bundled))
        {
            NativeLibrary.SetDllImportResolver(provider, (name, _, _) => name == Bundled ? system : 0);
        }
    }

    private static int VersionOf(nint library) =>
        NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var function) ? ((delegate* unmanaged<int>)function)() : 0;
}
