// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.35;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IERC1155Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC1155MetadataURI} from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {Test} from "forge-std/Test.sol";
import {AgentToken} from "../src/AgentToken.sol";

/// A wallet that takes tokens, and when one comes does what it is told.
contract Wallet is ERC1155Holder {
    address private _target;
    bytes private _message;
    bool public isDone;

    function onToken(address target, bytes calldata message) external {
        (_target, _message) = (target, message);
    }

    function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes memory data)
        public
        override
        returns (bytes4)
    {
        if (_target != address(0)) (isDone,) = _target.call(_message);
        return super.onERC1155Received(operator, from, id, value, data);
    }
}

/// A wallet with code that knows nothing of tokens, as a delegated one (EIP-7702) may be.
contract PlainWallet {}

contract AgentTokenTest is Test {
    string private constant TEMPLATE = "https://agentlink.io/api/v1/chain/tokens/{id}.json";
    string private constant COLLECTION = "https://agentlink.io/api/v1/chain/collection.json";
    string private constant AGENT = "018f3c5e-7a2b-7c1d-9e0f-1a2b3c4d5e6f";
    uint48 private constant CREATED_AT = 1_790_000_000;
    bytes32 private constant HASH = keccak256("the JSON");

    address private immutable ADMIN = makeAddr("admin");
    address private immutable MINTER = makeAddr("minter");
    address private immutable CREATOR = makeAddr("creator");
    address private immutable STRANGER = makeAddr("stranger");

    AgentToken private token;
    uint256 private id;

    function setUp() public {
        token = new AgentToken(TEMPLATE, COLLECTION, ADMIN, MINTER, 1 days);
        id = token.idOf(AGENT);
    }

    function mint(address creator, string memory agentId) private {
        vm.prank(MINTER);
        token.mint(creator, agentId, CREATED_AT, HASH);
    }

    // --- minting

    function test_mint_GivesTheCreatorTheOneTokenOfTheAgent() public {
        vm.expectEmit(address(token));
        emit AgentToken.AgentMinted(id, CREATOR, AGENT, CREATED_AT, HASH);
        vm.expectEmit(address(token));
        emit IERC1155.TransferSingle(MINTER, address(0), CREATOR, id, 1);
        mint(CREATOR, AGENT);
        assertEq(id, uint256(keccak256(bytes(AGENT))));
        assertEq(token.balanceOf(CREATOR, id), 1);
        assertEq(token.totalSupply(id), 1);
        AgentToken.Agent memory agent = token.agentOf(id);
        assertEq(agent.creator, CREATOR);
        assertEq(agent.createdAt, CREATED_AT);
        assertFalse(agent.isRetired);
        assertEq(agent.metadataHash, HASH);
    }

    function test_RevertWhen_AnAgentHasItsToken() public {
        mint(CREATOR, AGENT);
        bytes memory reason = abi.encodeWithSelector(AgentToken.AlreadyMinted.selector, id);
        vm.expectRevert(reason);
        mint(CREATOR, AGENT);
        vm.expectRevert(reason);
        mint(STRANGER, AGENT);
        assertEq(token.balanceOf(STRANGER, id), 0);
    }

    function test_RevertWhen_SomethingOfTheAgentIsMissing() public {
        vm.startPrank(MINTER);
        vm.expectRevert(AgentToken.IncompleteAgent.selector);
        token.mint(CREATOR, "", CREATED_AT, HASH);
        vm.expectRevert(AgentToken.IncompleteAgent.selector);
        token.mint(CREATOR, AGENT, 0, HASH);
        vm.expectRevert(AgentToken.IncompleteAgent.selector);
        token.mint(CREATOR, AGENT, CREATED_AT, 0);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InvalidReceiver.selector, address(0)));
        token.mint(address(0), AGENT, CREATED_AT, HASH);
        vm.stopPrank();
        assertEq(token.totalSupply(id), 0);
    }

    function test_RevertWhen_TheWalletTakesNoTokens() public {
        PlainWallet wallet = new PlainWallet();
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InvalidReceiver.selector, address(wallet)));
        mint(address(wallet), AGENT);
        // An account that was delegated to code is a wallet with code.
        vm.signAndAttachDelegation(address(wallet), 0xA11CE);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InvalidReceiver.selector, vm.addr(0xA11CE)));
        mint(vm.addr(0xA11CE), AGENT);
        // The agent is not lost: its creator names another wallet.
        mint(CREATOR, AGENT);
        assertEq(token.balanceOf(CREATOR, id), 1);
    }

    function test_mint_ToAWalletThatCallsBack() public {
        Wallet wallet = new Wallet();
        bytes32 role = token.MINTER_ROLE();
        vm.prank(ADMIN);
        token.grantRole(role, address(wallet));
        wallet.onToken(address(token), abi.encodeCall(token.mint, (address(wallet), AGENT, CREATED_AT, HASH)));
        mint(address(wallet), AGENT);
        assertFalse(wallet.isDone());
        assertEq(token.balanceOf(address(wallet), id), 1);
        // Another agent is another matter.
        wallet.onToken(address(token), abi.encodeCall(token.mint, (CREATOR, "another", CREATED_AT, HASH)));
        mint(address(wallet), "a third");
        assertTrue(wallet.isDone());
        assertEq(token.balanceOf(CREATOR, token.idOf("another")), 1);
    }

    function testFuzz_mint_MakesAnIdOfTheAgentsId(
        string calldata agentId,
        address creator,
        uint48 createdAt,
        bytes32 hash
    ) public {
        vm.assume(bytes(agentId).length > 0 && createdAt > 0 && hash != 0);
        vm.assume(creator != address(0) && creator.code.length == 0);
        vm.prank(MINTER);
        token.mint(creator, agentId, createdAt, hash);
        uint256 known = uint256(keccak256(bytes(agentId)));
        AgentToken.Agent memory agent = token.agentOf(known);
        assertEq(agent.creator, creator);
        assertEq(agent.createdAt, createdAt);
        assertEq(agent.metadataHash, hash);
        assertEq(token.balanceOf(creator, known), 1);
        vm.expectRevert(abi.encodeWithSelector(AgentToken.AlreadyMinted.selector, known));
        vm.prank(MINTER);
        token.mint(creator, agentId, createdAt, hash);
    }

    // --- for ever

    function test_RevertWhen_ATokenIsMoved() public {
        mint(CREATOR, AGENT);
        uint256[] memory ids = new uint256[](1);
        uint256[] memory values = new uint256[](1);
        (ids[0], values[0]) = (id, 1);
        vm.startPrank(CREATOR);
        vm.expectRevert(AgentToken.Soulbound.selector);
        token.safeTransferFrom(CREATOR, STRANGER, id, 1, "");
        vm.expectRevert(AgentToken.Soulbound.selector);
        token.safeTransferFrom(CREATOR, CREATOR, id, 1, "");
        // Nothing of it neither, nor as a batch of none.
        vm.expectRevert(AgentToken.Soulbound.selector);
        token.safeTransferFrom(CREATOR, STRANGER, id, 0, "");
        vm.expectRevert(AgentToken.Soulbound.selector);
        token.safeBatchTransferFrom(CREATOR, STRANGER, ids, values, "");
        vm.expectRevert(AgentToken.Soulbound.selector);
        token.safeBatchTransferFrom(CREATOR, STRANGER, new uint256[](0), new uint256[](0), "");
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InvalidReceiver.selector, address(0)));
        token.safeTransferFrom(CREATOR, address(0), id, 1, "");
        vm.expectRevert(AgentToken.Soulbound.selector);
        token.setApprovalForAll(STRANGER, true);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155MissingApprovalForAll.selector, STRANGER, CREATOR));
        vm.prank(STRANGER);
        token.safeTransferFrom(CREATOR, STRANGER, id, 1, "");
        assertEq(token.balanceOf(CREATOR, id), 1);
    }

    // --- what changes

    function test_setMetadataHash_ChangesTheHashAndNothingElse() public {
        mint(CREATOR, AGENT);
        vm.expectEmit(address(token));
        emit AgentToken.MetadataUpdated(id, keccak256("newer"));
        vm.prank(MINTER);
        token.setMetadataHash(id, keccak256("newer"));
        AgentToken.Agent memory agent = token.agentOf(id);
        assertEq(agent.metadataHash, keccak256("newer"));
        assertEq(agent.creator, CREATOR);
        assertEq(agent.createdAt, CREATED_AT);
        vm.expectRevert(AgentToken.IncompleteAgent.selector);
        vm.prank(MINTER);
        token.setMetadataHash(id, 0);
    }

    function test_setRetired_MarksAndUnmarks() public {
        mint(CREATOR, AGENT);
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(token));
            emit AgentToken.RetiredChanged(id, i == 0);
            vm.prank(MINTER);
            token.setRetired(id, i == 0);
            assertEq(token.agentOf(id).isRetired, i == 0);
        }
        assertEq(token.balanceOf(CREATOR, id), 1);
    }

    function test_RevertWhen_ThereIsNoSuchAgent() public {
        bytes memory reason = abi.encodeWithSelector(AgentToken.NotMinted.selector, id);
        vm.expectRevert(reason);
        token.agentOf(id);
        vm.startPrank(MINTER);
        vm.expectRevert(reason);
        token.setMetadataHash(id, HASH);
        vm.expectRevert(reason);
        token.setRetired(id, true);
        vm.stopPrank();
        assertEq(token.totalSupply(id), 0);
    }

    function test_uri_IsATemplateThatTheAdminMayMove() public {
        assertEq(token.uri(id), TEMPLATE);
        assertEq(token.contractURI(), COLLECTION);
        vm.expectEmit(address(token));
        emit AgentToken.TemplateUpdated("ipfs://{id}");
        vm.prank(ADMIN);
        token.setTemplate("ipfs://{id}");
        assertEq(token.uri(id), "ipfs://{id}");
        vm.expectEmit(address(token));
        emit AgentToken.ContractURIUpdated();
        vm.prank(ADMIN);
        token.setContractURI("ipfs://collection");
        assertEq(token.contractURI(), "ipfs://collection");
    }

    // --- who may do what

    function test_RevertWhen_TheCallerLacksTheRole() public {
        mint(CREATOR, AGENT);
        bytes[5] memory calls = [
            abi.encodeCall(token.mint, (STRANGER, "another", CREATED_AT, HASH)),
            abi.encodeCall(token.setMetadataHash, (id, HASH)),
            abi.encodeCall(token.setRetired, (id, true)),
            abi.encodeCall(token.setTemplate, ("")),
            abi.encodeCall(token.setContractURI, (""))
        ];
        bytes32 minter = token.MINTER_ROLE();
        bytes32[5] memory roles = [minter, minter, minter, bytes32(0), bytes32(0)];
        address[4] memory callers = [STRANGER, CREATOR, ADMIN, MINTER];
        for (uint256 i; i < callers.length; ++i) {
            for (uint256 k; k < calls.length; ++k) {
                if (token.hasRole(roles[k], callers[i])) continue;
                vm.prank(callers[i]);
                (bool isDone, bytes memory reason) = address(token).call(calls[k]);
                assertFalse(isDone);
                assertEq(
                    reason,
                    abi.encodeWithSelector(
                        IAccessControl.AccessControlUnauthorizedAccount.selector, callers[i], roles[k]
                    )
                );
            }
        }
    }

    function test_beginDefaultAdminTransfer_TakesTwoStepsAndADay() public {
        vm.prank(ADMIN);
        token.beginDefaultAdminTransfer(STRANGER);
        vm.expectRevert();
        vm.prank(STRANGER);
        token.acceptDefaultAdminTransfer();
        skip(1 days + 1);
        vm.prank(STRANGER);
        token.acceptDefaultAdminTransfer();
        assertEq(token.defaultAdmin(), STRANGER);
    }

    function test_supportsInterface_OfTokensAndRoles() public view {
        assertTrue(token.supportsInterface(type(IERC165).interfaceId));
        assertTrue(token.supportsInterface(type(IERC1155).interfaceId));
        assertTrue(token.supportsInterface(type(IERC1155MetadataURI).interfaceId));
        assertTrue(token.supportsInterface(type(IAccessControlDefaultAdminRules).interfaceId));
        assertFalse(token.supportsInterface(0xffffffff));
    }
}
