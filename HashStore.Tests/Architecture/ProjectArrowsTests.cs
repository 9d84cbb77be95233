using System.Xml.Linq;
using HashStore.Schema;
using HashStore.Storage;
using Xunit;

namespace HashStore.Tests.Architecture;

public sealed class ProjectArrowsTests
{
    [Theory]
    [InlineData("HashStore.Schema", "")]
    [InlineData("HashStore.Storage", "HashStore.Schema")]
    [InlineData("HashStore.Migrate", "HashStore.Storage")]
    [InlineData("HashStore.Server", "HashStore.Migrate HashStore.Storage")]
    public void A_project_refers_only_to_those_below_it(string project, string expected) =>
        Assert.Equal(
            expected,
            string.Join(' ',
                Items(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
                .Order(StringComparer.Ordinal)));

    [Fact]
    public void The_schema_needs_nothing_but_the_object_relational_mapper()
    {
        Assert.All(
            Items("HashStore.Schema", "PackageReference"),
            package => Assert.StartsWith("Microsoft.EntityFrameworkCore.", package, StringComparison.Ordinal));
        Assert.All(
            typeof(ContentKey).Assembly.GetReferencedAssemblies(),
            reference => Assert.True(
                reference.Name is "netstandard" || reference.Name!.StartsWith("System.", StringComparison.Ordinal)
                    || reference.Name.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal),
                $"HashStore.Schema refers to {reference.Name}"));
    }

    [Fact]
    public void The_storage_knows_no_web_server()
    {
        Assert.DoesNotContain(
            typeof(Store).Assembly.GetReferencedAssemblies(),
            reference => reference.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.DoesNotContain(Items("HashStore.Storage", "PackageReference"), package => package.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.Empty(Items("HashStore.Storage", "FrameworkReference"));
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "HashStore.sln"));
        Assert.All(Repository.Projects, project => Assert.Contains($"{project}.csproj", solution, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Load(Path.Combine(Repository.Root, project, project + ".csproj")).Descendants(kind).Select(item => item.Attribute("Include")!.Value);
}
