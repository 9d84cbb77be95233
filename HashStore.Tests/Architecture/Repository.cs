using System.Runtime.CompilerServices;

namespace HashStore.Tests.Architecture;

/// <summary>The source tree that these tests were compiled from.</summary>
internal static class Repository
{
    internal static readonly string[] Projects = ["HashStore.Schema", "HashStore.Storage", "HashStore.Migrate", "HashStore.Server", "HashStore.Tests"];

    internal static string Root { get; } = Find();

    /// <summary>Every hand-written or generated C# file of the projects, build output apart.</summary>
    internal static IEnumerable<string> Sources() => Projects
        .SelectMany(project => Directory.EnumerateFiles(Path.Combine(Root, project), "*.cs", SearchOption.AllDirectories))
        .Where(path => Path.GetRelativePath(Root, path).Split('/')[1] is not ("bin" or "obj"));

    private static string Find([CallerFilePath] string here = "")
    {
        foreach (var start in (string?[])[Path.GetDirectoryName(here), AppContext.BaseDirectory])
        {
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "HashStore.sln")))
                {
                    return folder;
                }
            }
        }

        throw new InvalidOperationException("HashStore.sln is in no folder above the tests.");
    }
}
