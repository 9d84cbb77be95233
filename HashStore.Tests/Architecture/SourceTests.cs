using System.Text.RegularExpressions;
using Xunit;

namespace HashStore.Tests.Architecture;

public sealed partial class SourceTests
{
    /// <summary>Five projects, the documentation, and settings.</summary>
    private static readonly string[] allowed =
    [
        .. Repository.Projects, "docs", "HashStore.sln", "README.md", "LICENSE",
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "BannedSymbols.txt",
        "global.json", "nuget.config", ".ci", ".config", ".editorconfig", ".git", ".gitattributes", ".github", ".gitignore", ".dockerignore",
    ];

    /// <summary>What building, testing and running leave there; none of it is kept in the repository (.gitignore).</summary>
    private static readonly string[] passing = ["artifacts", "data", "TestResults", ".vs", ".idea", ".vscode"];

    // Put together, so that this file is none of those that it looks for.
    private static readonly string[] forbidden = ["NotImplemented" + "Exception", "Thread" + ".Sleep"];

    [Fact]
    public void The_top_level_holds_the_projects_the_documentation_and_settings_only() =>
        Assert.Empty(Directory.EnumerateFileSystemEntries(Repository.Root).Select(Path.GetFileName).Except([.. allowed, .. passing]));

    [Fact]
    public void Nothing_is_left_unwritten_and_nothing_waits_by_sleeping() =>
        Assert.Empty(
            from path in Repository.Sources()
            let text = File.ReadAllText(path)
            from word in forbidden
            where text.Contains(word, StringComparison.Ordinal)
            select $"{Path.GetRelativePath(Repository.Root, path)}: {word}");

    [Fact]
    public void No_error_is_swallowed_without_a_word() =>
        Assert.Empty(
            Repository.Sources().Where(path => EmptyCatch().IsMatch(File.ReadAllText(path)))
            .Select(path => Path.GetRelativePath(Repository.Root, path)));

    [Theory]
    [InlineData("try { A(); } cat" + "ch { }", true)]
    [InlineData("cat" + "ch (IOException)\n{\n}", true)]
    [InlineData("cat" + "ch (IOException e) when (e.HResult == 2)\n{\n}", true)]
    [InlineData("cat" + "ch (IOException)\n{\n    // The answer is gone already.\n}", false)]
    [InlineData("cat" + "ch (IOException) { return null; }", false)]
    public void An_empty_catch_block_is_recognised(string source, bool expected) => Assert.Equal(expected, EmptyCatch().IsMatch(source));

    [GeneratedRegex(@"\bcatch\b[^{};]*\{\s*\}")]
    private static partial Regex EmptyCatch();
}
